"""The paths under `/_sandbox/`, for scripts that watch and control the sandbox."""
