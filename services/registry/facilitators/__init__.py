"""Facilitators: who works for the programme, in which kelurahan and until when."""
