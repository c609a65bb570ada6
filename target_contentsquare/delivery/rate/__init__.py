"""How many requests a project takes, and how often: learnt from its answers.

    Rates          all projects: whose request is next
    └── ProjectRate    one project: what may start now
        ├── Absence        is Contentsquare away: when to ask again, when to give up
        ├── Pace           requests a second, learnt from refusals
        │   └── Search         finds the rate of a server that saves up little
        └── Parallelism    requests in flight, learnt from refusals and slow answers
            └── Slowness       are answers slower than with fewer in flight

None of it has a clock, a thread or a random source of its own: delivery tells what
happens and when, and asks what may start. The models are AWS's adaptive retry mode
(a shared rate that refusals lower), Vector's adaptive request concurrency (the number
in flight follows latency and refusals) and TCP (doubling at the start).
"""
