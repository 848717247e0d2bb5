"""Who may call what: the table, and the things that its calls are about. The tests are in tests/test_permissions.py."""
