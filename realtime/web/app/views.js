// All views and tools of the application, a line each; they add themselves to shell/views.js.

import './chats/view.js';
import './settings/view.js';
import './notices/view.js';
import './events/view.js';
import './compose/view.js';
import './notifications/view.js';
