"""A storm: slow clients, guesses of passwords and a publisher all at once, and a pair of users who should not notice.

`python -m tests.storm` runs it as long as one likes; the attackers are processes of their own, from addresses of their
own (127.0.x.y), so that what the pair waits for is the server.
"""
