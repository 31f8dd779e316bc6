/** Colours for both kinds of page, and hatching for what a power cut may take back. */
export const STYLE = `<style>
  text { font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328; }
  .title { font-size: 20px; font-weight: 600; }
  .heading { font-size: 14px; font-weight: 600; }
  .name, .value { font-size: 12.5px; }
  .name { text-anchor: end; }
  .value { font-variant-numeric: tabular-nums; }
  .note { font-size: 12px; fill: #59636e; }
  .page { fill: #ffffff; }
  .ours { fill: #0969da; }
  .durable { fill: #8c959f; }
  .volatile { fill: url(#hatching); stroke: #8c959f; }
  .hatch { stroke: #8c959f; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .note { fill: #9198a1; }
    .page { fill: #0d1117; }
    .ours { fill: #4493f8; }
    .durable { fill: #6e7681; }
    .volatile { stroke: #6e7681; }
    .hatch { stroke: #6e7681; }
  }
</style>
<defs>
  <pattern id="hatching" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
    <line class="hatch" x1="0" y1="0" x2="0" y2="6"/>
  </pattern>
</defs>`;
