// SPDX-License-Identifier: GPL-2.0-only
/*
 * The least that a static program can be: what its start and end cost is the
 * unit for the start of a domain.
 */
int main(void)
{
	return 0;
}
