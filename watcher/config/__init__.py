"""What a person writes becomes what the core works with: rules, settings and routes, each mistake with its place.

::

    document   YAML with the place of every key     scalar, syntax     its plain values, its mistakes
    problem    a mistake, from its path to its place      render       the same with a caret
    rules      files -> RuleSet              files, page, sections, facts, names, check: its parts
    settings   watcher.yaml -> Settings      environment, secret       what stands outside of it
    notify     notify.yaml -> routes and receivers
"""
