"""Raw bytes against the server: valid requests of a corpus, mutated where it hurts, and sent on sockets of our own.

`python -m tests.fuzz.raw --inputs 200000 --kind multipart --seed 1`. An input is a function of kind, seed and
number: `--only NUMBER` sends one of them again. What went wrong is saved as it went out.
"""
