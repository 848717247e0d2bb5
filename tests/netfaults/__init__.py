"""A network that really fails: the server in one network namespace, its clients in another, a router between them.

`python -m tests.netfaults --cuts 1000 --seed 1` cuts it a thousand times. Needs root (or CAP_NET_ADMIN and
CAP_SYS_ADMIN) and iproute2; without them it says so and fails, and so do the tests.
"""
