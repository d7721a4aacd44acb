// What the dashboards draw with; add a chart or component here and rebuild (see ../README.md).
import * as core from "echarts/core";
import { BarChart, FunnelChart, LineChart, PieChart, TreemapChart } from "echarts/charts";
import {
  AriaComponent, DatasetComponent, GridComponent, LegendComponent,
  MarkLineComponent, TooltipComponent,
} from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";
core.use([
  BarChart, FunnelChart, LineChart, PieChart, TreemapChart, AriaComponent, DatasetComponent,
  GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, CanvasRenderer,
]);
window.echarts = core;
