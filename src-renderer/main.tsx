import './zod-config.ts'
import './nonce.ts'
import '@mantine/core/styles.css'
import '@mantine/spotlight/styles.css'
import '@mantine/notifications/styles.css'
import '@mantine/dropzone/styles.css'
import './theme.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './frame/app.tsx'
import { tellPageErrors } from './page-errors.ts'
import { followSettings, watchConnection } from './store.ts'
import { followHistory } from './table-places.ts'

tellPageErrors()
watchConnection()
followSettings()
followHistory()

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
