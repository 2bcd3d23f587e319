"""Where papers come from: one small file a source, each a pure `parse` and a thin `fetch`."""
