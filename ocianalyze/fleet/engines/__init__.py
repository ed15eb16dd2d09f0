"""Where the tasks of a fleet are done: in processes of this machine, or on a cluster."""
