import doctest

from target_contentsquare.sandbox import in_process


def test_the_example_in_the_docstring_runs() -> None:
    result = doctest.testmod(in_process)

    assert (result.failed, result.attempted) == (0, 5)
