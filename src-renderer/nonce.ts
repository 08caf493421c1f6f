/**
 * The nonce that the host put into index.html: styles made at run time carry it, everything else the CSP refuses.
 * Browsers hide the attribute from selectors and getAttribute, the property keeps it.
 */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''
}

// The scroll lock behind dialogs makes its style element by itself and looks for the nonce here.
Object.assign(globalThis, { __webpack_nonce__: styleNonce() })
