"""What every page shares on the server's side: who is logged in, and the live socket's protocol and pump."""
