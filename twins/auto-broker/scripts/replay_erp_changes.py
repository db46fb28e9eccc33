"""Sends what has been waiting to the ERP. Exit codes: 0 done, 1 the API refused or is not there, 2 wrong usage."""
import argparse

from twin_api import ask

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--system", choices=["sap"], required=True)
system = parser.parse_args().system
answer = ask(f"/erp/{system}/replay", {})
print(f"{answer['replayed']} changes replayed, {answer['waiting']} are waiting")
