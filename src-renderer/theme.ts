import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core'
import { texts } from './texts.ts'

// One accent for what can be clicked. Colours of state are CSS variables in theme.css; nothing else is coloured.
const accent: MantineColorsTuple = [
  '#eaf3fd',
  '#d2e4f8',
  '#a6c9f1',
  '#76abe9',
  '#6cb2ff',
  '#3b86d8',
  '#1c6cc0',
  '#0b5cad',
  '#094f96',
  '#063d75',
]

// Mantine's dark surfaces, cool like ours: text, dim text, borders and fields come from here.
const dark: MantineColorsTuple = [
  '#e5e9ec',
  '#c3cad0',
  '#a0abb5',
  '#77828d',
  '#3a434b',
  '#2d343b',
  '#1e2328',
  '#171b1f',
  '#101316',
  '#0b0e10',
]

const surface = { background: 'var(--surface)' }

export const theme = createTheme({
  colors: { accent, dark },
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  defaultRadius: 4,
  respectReducedMotion: true,
  cursorType: 'pointer',
  fontFamily: "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Liberation Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'Cascadia Mono', 'Liberation Mono', Menlo, monospace",
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  headings: { fontWeight: '600', sizes: { h1: { fontSize: '1.25rem' }, h2: { fontSize: '1rem' }, h3: { fontSize: '0.875rem' } } },
  components: {
    Button: { defaultProps: { size: 'sm' } },
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': texts.sheet.close } } },
    Drawer: { styles: { content: surface, header: surface, title: { fontWeight: 600 } } },
    Modal: { styles: { content: surface, header: surface, title: { fontWeight: 600 } } },
    Spotlight: { styles: { content: surface, search: { background: 'transparent' } } },
    Progress: { defaultProps: { color: 'var(--line-strong)' } },
    TextInput: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'sm', comboboxProps: { shadow: 'md' } } },
    ActionIcon: { defaultProps: { size: 32, variant: 'subtle', color: 'gray' } },
    Tooltip: { defaultProps: { openDelay: 300, multiline: true, maw: 340, events: { hover: true, focus: true, touch: true } } },
  },
})

// What Mantine derives from the accent by itself would be too pale in the dark and too deep in the light.
const accentText = { '--mantine-color-accent-light-color': 'var(--accent)', '--mantine-color-accent-text': 'var(--accent)' }

/** Variables that Mantine writes after all style sheets, so that theme.css can't set them. */
export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: accentText, dark: accentText })
