"""Small local servers in the other side's clothes, so that channels are tested over real HTTP."""
