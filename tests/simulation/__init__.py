"""A delivery without threads, network or real time: a seed decides everything.

`scenario` makes up what a tap writes and what goes wrong, `world` is time and the
executor, `contentsquare` the server, `witness` knows the guarantees and looks on, and
`play` puts them together, with restarts from the last printed state.
"""
