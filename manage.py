#!/usr/bin/env python
"""Django's command line for mops."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mops.settings")
    if sys.argv[1:2] == ["doctor"]:  # before Django, which finds no commands where the settings do not load
        from mops import doctor

        sys.exit(doctor.main(sys.argv[2:]))
    execute_from_command_line(sys.argv)
