"""Values that all flows of the instance have."""

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
) = actions_on("cross_flow_state")
