import { escapeXml, xmlHead } from '../../client/codecs/xml.js';
import type {
  Counts,
  FaultJudgement,
  Judgement,
  Layers,
  Pair,
  Reason,
  TestJudgement,
  Trouble,
} from '../judging/judgement.js';
import { addLayers, newLayers } from '../judging/layers.js';
import { instant, offset, span } from './amounts.js';
import { countColumns } from './columns.js';
import { convergenceText, kindText, sightTexts } from './fault-texts.js';
import { layerWords } from './layers.js';
import { troubles } from './standing.js';
import { sumOf } from './sums.js';

/** One `<testcase>`. */
interface Case {
  readonly name: string;
  readonly className: string;
  readonly seconds: number;
  /** Absent: it passed. */
  readonly outcome?: Outcome;
  readonly output: string;
}

interface Outcome {
  readonly element: 'failure' | 'error';
  readonly type: string;
  readonly message: string;
  readonly text: string;
}

/**
 * A judgement for CI: a suite with the verdict, then one suite per test of a group with one case per receiver (per sender,
 * for calls, which nobody receives). `fail` is a `<failure>`, `unknown` an `<error>`.
 */
export function junitReport(judgement: Judgement): string {
  const { plan, facts } = judgement;
  const suites = [
    { name: `${plan.scenario}: verdict`, cases: [verdictCase(judgement)] },
    ...judgement.tests.map((test) => ({
      name: `${plan.scenario}: ${test.group}: ${test.name} (${test.test})`,
      cases: casesOf(judgement, test),
    })),
  ];
  const all = suites.flatMap(({ cases }) => cases);
  const properties = propertiesOf(judgement);
  const timestamp = instant(facts.startedAtMs).slice(0, 19).replace(' ', 'T');
  const seconds = (facts.endedAtMs - facts.startedAtMs) / 1_000;
  return [
    xmlHead,
    `<testsuites${attributes({ name: plan.scenario, ...tally(all), time: seconds.toFixed(3) })}>\n`,
    ...suites.map(({ name, cases }, i) => {
      const time = i === 0 ? seconds : Math.max(0, ...cases.map((one) => one.seconds));
      const head = attributes({ name, ...tally(cases), skipped: '0', time: time.toFixed(3), timestamp });
      return `  <testsuite${head}>\n${properties}${cases.map(caseText).join('')}  </testsuite>\n`;
    }),
    '</testsuites>\n',
  ].join('');
}

function verdictCase(judgement: Judgement): Case {
  const { verdict, reasons, facts, totals, plan } = judgement;
  return {
    name: 'verdict',
    className: plan.scenario,
    seconds: (facts.endedAtMs - facts.startedAtMs) / 1_000,
    ...(verdict === 'pass' ? {} : { outcome: outcomeOf(verdict, reasons) }),
    output: outputOf(totals, judgement.layers === undefined ? [] : [judgement.layers]),
  };
}

function casesOf(judgement: Judgement, test: TestJudgement): Case[] {
  const planned = judgement.plan.tests.find((one) => one.test === test.test);
  const seconds = planned === undefined ? 0 : (planned.intervalMs * planned.amount) / 1_000;
  const subjects = new Map<string, Pair[]>();
  for (const pair of test.pairs) {
    const subject = pair.receiver ?? pair.sender;
    subjects.set(subject, [...(subjects.get(subject) ?? []), pair]);
  }
  const { nodes } = judgement.plan;
  const inOrder = [...subjects].sort(([a], [b]) => nodes.indexOf(a) - nodes.indexOf(b));
  return inOrder.map(([name, pairs]) => {
    const outcome = judged(judgement, test, pairs);
    return {
      name,
      className: `${judgement.plan.scenario}.${test.group}.${test.name}`,
      seconds,
      ...(outcome === undefined ? {} : { outcome }),
      output: outputOf(
        sumOf(pairs.map(({ counts }) => counts)),
        pairs.flatMap(({ layers = [] }) => layers),
      ),
    };
  });
}

/** What these pairs have to do with the verdict on their test; undefined: nothing. */
function judged(judgement: Judgement, test: TestJudgement, pairs: readonly Pair[]): Outcome | undefined {
  const counts = sumOf(pairs.map((pair) => pair.counts));
  const condemned = new Set(
    judgement.reasons.filter(({ verdict }) => verdict === 'fail').map(({ code }) => code),
  );
  const broken = troubles.filter((trouble) => condemned.has(trouble) && counts[trouble] > 0);
  if (broken.length > 0) return troubled('failure', broken, counts, pairs);
  if (counts.unknown > 0) return troubled('error', ['unknown'], counts, pairs);
  return test.verdict === 'unknown' ? outcomeOf('unknown', judgement.reasons) : undefined;
}

function troubled(
  element: Outcome['element'],
  broken: readonly Trouble[],
  counts: Counts,
  pairs: readonly Pair[],
): Outcome {
  const lines = pairs.flatMap(({ sender, receiver, counts: own }) =>
    broken
      .filter((trouble) => own[trouble] > 0)
      .map(
        (trouble) =>
          `${sender}${receiver === undefined ? '' : ` to ${receiver}`}: ${own[trouble]} ${trouble}`,
      ),
  );
  const message = broken.map((trouble) => `${counts[trouble]} ${trouble}`).join(', ');
  return { element, type: broken[0] ?? element, message, text: lines.join('\n') };
}

function outcomeOf(verdict: 'fail' | 'unknown', reasons: readonly Reason[]): Outcome {
  const told = reasons.filter((reason) => verdict === 'fail' || reason.verdict === verdict);
  return {
    element: verdict === 'fail' ? 'failure' : 'error',
    type: told[0]?.code ?? verdict,
    message: told[0]?.text ?? verdict,
    text: told.map(({ code, text }) => `${code}: ${text}`).join('\n'),
  };
}

/** Counts, and on a line of its own where messages stayed. */
function outputOf(counts: Counts, layers: readonly Layers[]): string {
  const all = newLayers();
  for (const one of layers) addLayers(all, one);
  const words = layerWords(all);
  return words === '' ? countsText(counts) : `${countsText(counts)}\nstayed: ${words}`;
}

function countsText(counts: Counts): string {
  return countColumns
    .filter(({ key }) => counts[key] > 0 || ['expected', 'delivered', 'lost'].includes(key))
    .map(({ key, title }) => `${title} ${counts[key]}`)
    .join(', ');
}

function propertiesOf(judgement: Judgement): string {
  const { run, plan, facts, faults, rules, blind = [] } = judgement;
  const all: [name: string, value: string][] = [
    ['run', run],
    ['scenario', plan.scenario],
    ['seed', plan.seed],
    ['plan', plan.hash],
    ...Object.entries(rules).map(([name, value]): [string, string] => [`rule.${name}`, String(value)]),
    ...Object.entries(facts.versions).map(([name, value]): [string, string] => [`version.${name}`, value]),
    ...faults.map((fault): [string, string] => [`fault.${fault.fault}`, faultText(judgement, fault)]),
    ...faults.flatMap((fault) =>
      sightTexts(fault).map((text, i): [string, string] => [`fault.${fault.fault}.sight.${i + 1}`, text]),
    ),
    ...blind.map(({ node, ms, times }): [string, string] => [`blind.${node}`, `${span(ms)} in ${times}`]),
  ];
  const lines = all.map(([name, value]) => `      <property${attributes({ name, value })}/>\n`);
  return `    <properties>\n${lines.join('')}    </properties>\n`;
}

/** A fault as it was planned, as it was, and what proves it. */
function faultText(judgement: Judgement, fault: FaultJudgement): string {
  const { node, plannedFromMs, plannedToMs, injectedAtMs, healedAtMs, by, proof, reason } = fault;
  const at = (ms: number | undefined): string =>
    ms === undefined ? 'never' : offset(ms - judgement.facts.startedAtMs);
  const planned = `${kindText(judgement, fault)} of ${node} at ${at(plannedFromMs)} for ${span(plannedToMs - plannedFromMs)}`;
  const was = `acted ${at(injectedAtMs)}, healed ${at(healedAtMs)}${by === undefined ? '' : ` by ${by}`}`;
  const why = reason === undefined ? '' : ` (${reason})`;
  return `${planned}: ${proof}${why}; ${was}; convergence ${convergenceText(fault)}`;
}

function caseText({ name, className, seconds, outcome, output }: Case): string {
  const head = `    <testcase${attributes({ name, classname: className, time: seconds.toFixed(3) })}>\n`;
  const result =
    outcome === undefined
      ? ''
      : `      <${outcome.element}${attributes({ message: outcome.message, type: outcome.type })}>${escapeXml(outcome.text)}</${outcome.element}>\n`;
  return `${head}${result}      <system-out>${escapeXml(output)}</system-out>\n    </testcase>\n`;
}

function tally(cases: readonly Case[]): Record<'tests' | 'failures' | 'errors', string> {
  const count = (element: string): string =>
    String(cases.filter(({ outcome }) => outcome?.element === element).length);
  return { tests: String(cases.length), failures: count('failure'), errors: count('error') };
}

function attributes(all: Readonly<Record<string, string>>): string {
  return Object.entries(all)
    .map(([name, value]) => ` ${name}="${escapeXml(value)}"`)
    .join('');
}
