import { expect, test } from '@jest/globals';
import { readUndoFile } from '../src/undo-file.js';

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a part of the header', Buffer.from('E2UNDO02')],
  ['no header yet', Buffer.alloc(4096)],
  ['a header that is not marked as finished', Buffer.concat([Buffer.from('E2UNDO02'), Buffer.alloc(4088)])],
])('an undo file that holds %s was not written to its end', (_, file) => {
  expect(readUndoFile(file)).toBeNull();
});

test('a file of another form is refused', () => {
  expect(() => readUndoFile(Buffer.alloc(4096, 'x'))).toThrow(expect.objectContaining({ code: 'MLN_GUEST_EDIT' }));
});
