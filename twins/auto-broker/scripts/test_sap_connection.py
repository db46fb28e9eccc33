"""Tells whether SAP can be reached. Exit codes: 0 it can, 1 it cannot or the API is not there."""
import sys

from twin_api import ask

answer = ask("/erp/sap")
if not answer["reachable"]:
    sys.exit(f"SAP cannot be reached, {answer['waiting']} changes are waiting")
print(f"SAP answers, {answer['waiting']} changes are waiting")
