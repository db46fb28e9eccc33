#!/bin/sh
# Puts what helps to look at an incident into one folder.
mkdir -p diagnostics
cp red_code.json diagnostics/
ls -l > diagnostics/files.txt
echo "$(ls diagnostics | wc -l) files in diagnostics/"
