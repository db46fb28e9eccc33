"""The token for Gmail, kept in the file `token`: the second until which it is valid. --info tells, --refresh renews it."""
import sys
import time


def valid_until():
    return int(open("token").read())


def info():
    left = valid_until() - int(time.time())
    if left <= 0:
        sys.exit("The token has expired")
    print(f"The token is valid for {left // 60} more minutes")


def refresh():
    if open("refresh_token").read().strip() == "revoked":
        sys.exit("invalid_grant: the refresh token was revoked, authenticate again")
    with open("token", "w") as file:
        file.write(f"{int(time.time()) + 3600}\n")
    print("The token was refreshed")


if __name__ == "__main__":
    {"--info": info, "--refresh": refresh}[sys.argv[1]]()
