"""Every morning, the papers you would have picked, in your inbox, and a reason for each of them."""
