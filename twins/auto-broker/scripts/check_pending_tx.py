"""Counts the transactions that the chain has not confirmed. Exit codes: 0 done, 1 the API is not there."""
from twin_api import ask

answer = ask("/chain/pending")
print(f"{answer['pending']} transactions are pending, gas costs {answer['gas_gwei']} gwei")
