"""Values that this execution has."""

from .scopes import actions_on

(
    save,
    get,
    remove,
    clear,
    list_keys,
    save_time,
    increment,
    decrement,
    append,
    append_all,
    remove_member,
    add_to_set,
) = actions_on("execution_state")
