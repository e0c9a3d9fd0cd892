// Filters the findings, and says how many are left. Without it the page shows all of them.
'use strict';
(function () {
  const form = document.getElementById('filter');
  if (!form) return;
  const said = document.getElementById('matches');
  const none = document.getElementById('none');
  const findings = Array.from(document.querySelectorAll('article.finding'), (element) => ({
    element,
    level: element.dataset.level,
    rule: element.dataset.rule,
    registries: element.dataset.registries.split(' '),
    text: element.textContent.toLowerCase(),
  }));
  const levels = Array.from(form.querySelectorAll('input[name="level"]'));
  const causes = (count) => (count === 1 ? '1 cause' : count + ' causes');

  function filter() {
    const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rule = form.elements.rule.value;
    const registry = form.elements.registry.value;
    const shown = new Set(levels.filter((level) => level.checked).map((level) => level.value));
    const matching = findings.filter((finding) => {
      const matches = [
        shown.has(finding.level),
        rule === '' || rule === finding.rule,
        registry === '' || finding.registries.includes(registry),
        words.every((word) => finding.text.includes(word)),
      ].every(Boolean);
      finding.element.hidden = !matches;
      return matches;
    }).length;
    none.hidden = matching !== 0;
    said.textContent = matching === findings.length
      ? 'All ' + causes(findings.length) + ' are shown.'
      : matching + ' of ' + causes(findings.length) + ' match.';
  }

  form.addEventListener('input', filter);
  form.addEventListener('submit', (event) => event.preventDefault());
  // The fields have their first values only after the event.
  form.addEventListener('reset', () => setTimeout(filter));
  form.hidden = false;
  // A browser may have kept what was typed before the page was loaded again.
  filter();
})();
