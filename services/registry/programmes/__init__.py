"""Programmes and enrolment: the phases of the programme, and which kelurahan decided to take part in them."""
