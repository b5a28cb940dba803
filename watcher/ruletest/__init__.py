"""Rule tests: made-up records in, expected alerts and messages out, for ``watcher test``.

::

    document   what a test file says          load       a file with its rules, each mistake with its place
    events     input_events → records         wanted     an expectation, held against what was found
    run        real turns on a store in memory, through every moment at which something could change
    expect     what differs                   report, junit, coverage      how it is told
"""
