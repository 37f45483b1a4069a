"""`make demo`: the whole product on this machine with simulated platforms, started, watched and stopped as one."""
