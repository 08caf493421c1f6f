/** The amount field. */
export const amountTexts = {
  hint: 'Digits with a point before decimals, e.g. 1,250.5',
  notNumber: 'Enter digits with at most one point, e.g. 1,250.5.',
  separators: "These separators don't make an amount. Enter digits with at most one point, e.g. 1,250.5.",
  nothing: 'The amount has to be above 0.',
  otherUnit: (token: string) => `This field takes ${token}; leave the unit away or write ${token}.`,
  missing: 'Enter an amount.',
  reads: (amount: string, token: string) => `${amount} ${token}`,
  which: 'Which of these do you mean?',
  did: 'Do you mean this?',
  all: (amount: string, token: string) => `All of it: ${amount} ${token}`,
  above: (amount: string, token: string) => `More than the ${amount} ${token} that you have available.`,
} as const
