"""From an application exported from Atlas App Services or MongoDB Stitch to an integration folder of this host."""
