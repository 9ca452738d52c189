import { installPage } from './page.ts';
import { HdTime } from './time.ts';
import { HdUndo } from './undo.ts';

installPage();
customElements.define('hd-undo', HdUndo);
customElements.define('hd-time', HdTime);
