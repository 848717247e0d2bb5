// Another password.

import { fill, h } from '../kit/dom.js';
import { field, form } from '../kit/form.js';
import { Part } from '../kit/part.js';
import { toast } from '../kit/toast.js';
import { session } from '../session.js';

class Password extends Part {
  build() {
    this.className = 'card';
    const secret = (name, autocomplete) => h('input', { name, type: 'password', autocomplete, required: true });
    fill(this, h('h2', {}, 'Password'), form({
      fields: [
        // Password managers want to know whose it is.
        h('input', { type: 'text', name: 'username', autocomplete: 'username', value: session.user.value.username, hidden: true }),
        field('Current password', secret('old_password', 'current-password')),
        field('New password', secret('new_password1', 'new-password'), { hint: 'At least 8 characters.' }),
        field('New password again', secret('new_password2', 'new-password')),
      ],
      submit: 'Change the password',
      run: async ({ old_password: old, new_password1: fresh, new_password2: again }, element) => {
        await session.api.post('auth/password/change/', { old_password: old, new_password1: fresh, new_password2: again });
        element.reset();
        toast('Your password is changed. Other devices are signed out.', { kind: 'good' });
      },
    }));
  }
}

customElements.define('campus-password', Password);
