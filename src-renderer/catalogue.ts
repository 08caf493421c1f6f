/* What the catalogue of texts (texts.ts) is made of, so that another language can take the place of the one that is there. */

/** Of what plurals are. Another language's catalogue has its own here. */
const plurals = new Intl.PluralRules('en')

/** The same entries as T: a text for each text, and for each function one that takes the same and says it in other words. */
export type Catalogue<T> = T extends string
  ? string
  : T extends (...given: infer Given) => infer Said
    ? (...given: Given) => Catalogue<Said>
    : { readonly [Key in keyof T]: Catalogue<T[Key]> }

/** One form for each way in which a language counts; `other` where it has no word of its own. */
export type PluralForms = { other: string } & Partial<Record<Intl.LDMLPluralRule, string>>

/** The form that fits a count, which may be written with groups ("1,204"). */
export function plural(count: number | string, forms: PluralForms): string {
  const number = typeof count === 'number' ? count : Number(count.replace(/[^\d.-]/g, ''))
  return forms[plurals.select(number)] ?? forms.other
}
