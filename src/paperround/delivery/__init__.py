"""Where mail goes: one module a way to hand it over."""
