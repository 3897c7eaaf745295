//! Which addresses the agent may touch; the only maker of Allowed.
