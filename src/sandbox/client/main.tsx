import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { applyTheme, initialTheme } from './state/theme.ts';
import './styles/tokens.css';
import './styles/layout.css';
import './styles/columns.css';
import './styles/message.css';
import './styles/composer.css';
import './styles/blocks.css';
import './styles/block-kinds.css';
import './styles/inputs.css';
import './styles/fields.css';
import './styles/modal.css';
import './styles/library.css';
import './styles/phone.css';

applyTheme(initialTheme(), false);
const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<App />);
