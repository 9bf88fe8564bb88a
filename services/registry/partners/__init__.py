"""Partners: banks, NGOs, universities, firms, associations and agencies that channel money or skill."""
