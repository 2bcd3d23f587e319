"""Where mail comes back to: a folder on an IMAP server, a Maildir, or what is handed to us."""
