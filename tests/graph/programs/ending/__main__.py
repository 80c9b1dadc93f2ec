"""Programs whose process does not end well, by the configuration value ``case``."""

import os
import signal
import sys
import time

import pulumi

case = pulumi.Config().require("case")
sys.stdout.write("a secret that nobody knows of\n")
if case == "signal":
    os.kill(os.getpid(), signal.SIGKILL)
if case == "exit":
    os._exit(7)
if case == "sleep":
    time.sleep(60)
