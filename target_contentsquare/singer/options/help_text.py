"""What `--help` says besides the options; a backspace keeps click from wrapping."""

DESCRIPTION = """\
Send the rows of a Singer tap to Contentsquare's Enrichment API, so that each stands on
the session it belongs to.

Messages are read from standard input. States go to standard output, and nothing else
does: keep the last line for the tap. A state is printed once every row before it is
delivered, unchanged, merged, dropped or in the file of rejected rows. The log goes to
standard error, and ends with what became of the rows.
"""

EPILOG = """\
\b
Examples:
  tap-csv --config tap.json | target-contentsquare --config config.json > states.jsonl
  target-contentsquare --config ENV --config config.json --test
  target-contentsquare --config config.json --input again.singer

The first runs a tap and the target. The second reads secrets from the environment or
.env, where TARGET_CONTENTSQUARE_CLIENT_ID stands for client_id, and signs in. The third
sends the rows of a file, such as those that were rejected.

\b
Exit codes:
  0         every row was delivered, unchanged, merged, dropped or put in the
            rejected file
  1         an error: the last line of the log says what to change
  2         the command line is wrong
  130, 143  SIGINT, SIGTERM: what was read was delivered, and the state was printed

--about lists all settings, and what a stream's mapping may hold.
"""
