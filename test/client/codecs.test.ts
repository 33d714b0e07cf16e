import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonValue } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { parse } from 'yaml';
import { xmlDocument } from '../../src/client/codecs/xml.js';
import { yamlDocument } from '../../src/client/codecs/yaml.js';

test('an object is elements, a list repeats its element, and odd names are attributes', () => {
  const value = {
    name: 'a<b&"c"',
    list: [1, { x: null }],
    'zone/1': true,
    empty: {},
    none: [],
    nested: [[1, 2]],
  };
  assert.equal(
    xmlDocument('node', value),
    `<?xml version="1.0" encoding="UTF-8"?>
<node>
  <name>a&lt;b&amp;&quot;c&quot;</name>
  <list>1</list>
  <list>
    <x/>
  </list>
  <entry key="zone/1">true</entry>
  <empty/>
  <nested>
    <item>1</item>
    <item>2</item>
  </nested>
</node>
`,
  );
});

test('whatever is written is well-formed XML', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const json: JsonValue = JSON.parse(JSON.stringify(value));
      const text = xmlDocument('root', json).replace(/^<\?xml [^>]*\?>\n/, '');
      assert.doesNotMatch(text, /[^\P{Cc}\n\u007f-\u009f]|[\ufffe\uffff]|\p{Cs}/u);
      const open: string[] = [];
      const rest = text.replace(
        /<(\/?)([A-Za-z_][\w.-]*)((?: key(?:-encoding)?="[^"<&]*(?:&\w+;|&#\d+;|[^"<&])*")*)(\/?)>/g,
        (_, close, name, _key, alone) => {
          if (close === '/') assert.equal(open.pop(), name);
          else if (alone === '') open.push(name);
          return '';
        },
      );
      assert.deepEqual(open, []);
      assert.doesNotMatch(rest, /[<>"]|&(?!(amp|lt|gt|quot|#9|#10|#13);)/);
    }),
  );
});

test('YAML documents can follow one another and read back the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.parse(JSON.stringify(value));
      const text = yamlDocument(json);
      assert.ok(text.startsWith('---\n') && text.endsWith('\n'));
      assert.deepEqual(parse(text), json);
    }),
    { numRuns: 100 },
  );
});
