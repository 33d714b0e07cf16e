import { render } from 'preact';
import { App } from './app.js';
import { followKeys } from './keys.js';
import { followLinks } from './place.js';
import { resumeSession } from './session.js';
import { isServedFile, openDroppedFiles, openServedFile } from './views/runs/file/opened.js';

if (isServedFile) void openServedFile();
else resumeSession();
followLinks();
openDroppedFiles();
followKeys();
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
