const a = [1, ...b]; let c = a[0] ** 2;
for (const item of items) { item.json.x = c; }
return items.map(i => i.json);