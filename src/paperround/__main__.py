"""`python -m paperround` is `paperround`."""

from paperround.cli import main

if __name__ == "__main__":
    main()
