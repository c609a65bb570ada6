from target_contentsquare.errors import AuthenticationError, DeliveryError
from target_contentsquare.spark.wording import error_of_task, in_spark_words

TRACEBACK = """Job aborted due to stage failure: Traceback (most recent call last):
  File "/x/worker.py", line 5, in main
    process()
target_contentsquare.errors.AuthenticationError: Contentsquare refuses to sign in

\tat org.apache.spark.api.python.BasePythonRunner(PythonRunner.scala:572)
"""


def test_the_error_of_a_task_is_one_line() -> None:
    error = error_of_task(RuntimeError(TRACEBACK))
    assert isinstance(error, AuthenticationError)
    assert str(error) == "Contentsquare refuses to sign in"


def test_an_error_of_another_part_is_not_taken_for_one() -> None:
    assert error_of_task(RuntimeError("Python worker exited unexpectedly")) is None


def test_what_to_do_after_a_failure_is_said_for_a_job() -> None:
    text = "5 rows could not be sent. They are not in the state: run again, or wait"
    assert (
        in_spark_words(text) == "5 rows could not be sent. Run the job again, or wait"
    )
    traceback = f"target_contentsquare.errors.DeliveryError: {text}"
    error = error_of_task(RuntimeError(traceback))
    assert isinstance(error, DeliveryError)
    assert "state" not in str(error)
