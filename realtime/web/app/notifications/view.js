// Everything about notifications, for the application's start: the centre, the news as it comes, the announcements.

import './centre.js';
import './herald.js';
import './announcements.js';
