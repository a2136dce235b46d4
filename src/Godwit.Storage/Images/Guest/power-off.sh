#!/bin/sh
# Run by busybox acpid when the power button is pressed.
exec poweroff
