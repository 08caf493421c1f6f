import { z } from 'zod'

// The CSP forbids eval, and zod would try it to compile schemas. This module is imported before any schema is made.
z.config({ jitless: true })
